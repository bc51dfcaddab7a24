/** The verdict on some of the operations of a history. */
export type PartVerdict =
  | { readonly result: 'met' }
  | { readonly result: 'violated'; readonly sentence: string }
  | { readonly result: 'unknown'; readonly reason: string }

export const unknown = (reason: string): PartVerdict => ({ result: 'unknown', reason })
