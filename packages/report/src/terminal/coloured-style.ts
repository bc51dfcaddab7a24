import { Chalk } from 'chalk'
import type { Style } from './style.ts'

/** The sixteen colours of every terminal. Whether there is one to colour is decided where its stream is known. */
const { bold, dim, red, green, yellow } = new Chalk({ level: 1 })

/** One text at a time: chalk joins all that it is given. */
export const colouredStyle: Style = {
  bold: (text) => bold(text),
  dim: (text) => dim(text),
  red: (text) => red(text),
  green: (text) => green(text),
  yellow: (text) => yellow(text),
  accent: (text) => red(text),
}
