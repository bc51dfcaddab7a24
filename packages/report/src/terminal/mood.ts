import type { Mood } from '../facts/headline.ts'
import type { Style } from './style.ts'

export const paintFor = (mood: Mood, style: Style): ((text: string) => string) =>
  ({ good: style.green, bad: style.accent, unsure: style.yellow })[mood]
