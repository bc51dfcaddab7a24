import { Chalk } from 'chalk'
import type { Style } from './style.ts'

/** Whether colours are used is decided elsewhere, where the stream is known. */
const { bold, dim, red, green, yellow } = new Chalk({ level: 1 })

/** Each function passes a single text, because chalk would join several arguments. */
export const colouredStyle: Style = {
  bold: (text) => bold(text),
  dim: (text) => dim(text),
  red: (text) => red(text),
  green: (text) => green(text),
  yellow: (text) => yellow(text),
  accent: (text) => red(text),
}
