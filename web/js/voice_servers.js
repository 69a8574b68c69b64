// Which voice servers may be asked, with which keys: settings of the user, which no workflow carries or changes.
import { app } from "../../../scripts/app.js";

app.registerExtension({
  name: "TalkingAvatar.VoiceServers",
  settings: [
    {
      id: "TalkingAvatar.VoiceServers",
      category: ["Talking Avatar", "Voice Clone", "Voice servers"],
      name: "Voice servers on other machines",
      tooltip: "Addresses that Voice Clone may ask besides this machine, each perhaps with its key: http://192.168.1.20:8080=KEY, https://api.example.com=$NAME ($NAME reads a variable of the environment).",
      type: "text",
      defaultValue: "",
    },
    {
      id: "TalkingAvatar.VoicePaths",
      category: ["Talking Avatar", "Voice Clone", "Folders of voice servers"],
      name: "Folders as a voice server sees them",
      tooltip: "For servers that read the reference from a disk they share with ComfyUI under another name: /home/me/ComfyUI=D:\\ComfyUI.",
      type: "text",
      defaultValue: "",
    },
  ],
});
