// The page's text, in the language that ComfyUI's page speaks.
import { app } from "../../../scripts/app.js";

const WORDS = {
  en: {
    trim: "Drag the ends to take a part of the film",
    start: "first frame that is taken",
    end: "end of the part that is taken",
    part: (from, to, all) => `${from} to ${to} of ${all} s`,
    photo: "Photo",
    notHere: "No preview: this film does not come from the file picker.",
    unplayable: "No preview: the browser cannot play this file. It can be used all the same.",
    noFace: "no face here",
    checkpoints: "Checkpoints…",
    checkpointsOf: (title) => `Checkpoints for ${title}`,
    nothingUnasked: "Nothing is downloaded unless you press a button here. Files of yours are found in ComfyUI's model folders.",
    get: "Download",
    stop: "Cancel",
    here: "here",
    byHand: "by hand",
    close: "Close",
    about: (bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${Math.round(bytes / 1e6)} MB`),
    licence: "Licence",
    putInto: (kind, file) => `goes into models/${kind}/${file}`,
    commercial: { true: "commercial use allowed", false: "no commercial use", null: "commercial use: not stated" },
    checking: "checking…",
    starting: "asking the server…",
    ofCheckpoint: (row) => row.purpose,
  },
  zh: {
    trim: "拖动两端，只取影片的一段",
    start: "所取片段的第一帧",
    end: "所取片段的结尾",
    part: (from, to, all) => `${from} 至 ${to} 秒，共 ${all} 秒`,
    photo: "照片",
    notHere: "无预览：影片不是在文件列表里选的。",
    unplayable: "无预览：浏览器无法播放此文件，但仍可使用。",
    noFace: "此处没有人脸",
    checkpoints: "模型权重…",
    checkpointsOf: (title) => `${title} 的模型权重`,
    nothingUnasked: "不按这里的按钮就不会下载任何东西。您自己的文件会在 ComfyUI 的模型文件夹里找到。",
    get: "下载",
    stop: "取消",
    here: "已有",
    byHand: "手动获取",
    close: "关闭",
    about: (bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${Math.round(bytes / 1e6)} MB`),
    licence: "许可",
    putInto: (kind, file) => `放在 models/${kind}/${file}`,
    commercial: { true: "允许商用", false: "不得商用", null: "未说明能否商用" },
    checking: "正在检查…",
    starting: "正在连接服务器…",
    ofCheckpoint: (row) => row.purpose_zh,
  },
};

export function words() {
  const locale = app.extensionManager?.setting?.get("Comfy.Locale") ?? "en";
  return String(locale).startsWith("zh") ? WORDS.zh : WORDS.en;
}
