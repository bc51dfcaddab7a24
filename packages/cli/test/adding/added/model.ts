import { defineModel, type Extension } from 'chaosproxy'

export const highWater: Extension = defineModel({
  name: 'high-water',
  summary: 'the highest of the marks left so far',
  aliases: ['tide'],
  functions: ['mark', 'read'],
  reads: ['read'],
  initial: 0,
  from: Number,
  apply: (mark: number, { f, value }) => (f === 'mark' ? [Math.max(mark, Number(value))] : [mark, mark]),
  key: String,
})
