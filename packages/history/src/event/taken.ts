/** The role of a member of a file's lines. */
export interface Taken {
  readonly member: string
  /** `the process`, `the outcome`; `nothing` if it was not used. */
  readonly as: string
  /** In how many lines, of how many. */
  readonly count: number
  readonly of: number
  /** What it said, if it has few words: each with its count. */
  readonly words: readonly (readonly [word: string, count: number])[]
}

/** `"result" is the outcome: ok in 811, timeout in 1 of 812`. */
export function takenText({ member, as, count, of, words }: Taken): string {
  const name = JSON.stringify(member)
  if (as === 'nothing') return `${name} is not used (${count} of ${of})`
  if (words.length === 0) return `${name} is ${as} in ${count} of ${of}`
  return `${name} is ${as}: ${words.map(([word, times]) => `${word} in ${times}`).join(', ')} of ${of}`
}
