import type { Model } from '../../../../checker/src/judge/model.ts'

/** What its file would export: the highest mark that anybody left. */
export const highWater: Model<number> = {
  name: 'high-water',
  summary: 'the highest of the marks left so far',
  aliases: ['tide'],
  functions: ['mark', 'read'],
  reads: ['read'],
  initial: 0,
  from: Number,
  apply: (mark, { f, value }) => (f === 'mark' ? [Math.max(mark, Number(value))] : [mark, mark]),
  key: String,
}
