import { CAS, type Decoder, type Encoded, NEVER, READ } from '../encoded.ts'
import { createWords, show } from './words.ts'

/**
 * Where nobody knows what was there at the start, and an operation saw a value that nobody wrote: who saw another one, so
 * that it cannot have been that. Empty where nobody did, or the start is known.
 */
export function otherStart(set: Encoded, operation: number, decoder: Decoder): string {
  if (!set.anyStart) return ''
  const isWritten = (i: number): boolean =>
    set.writes.some((value, w) => set.key[w] === set.key[i] && value === set.expects[i])
  for (let i = 0; i < set.length; i++) {
    if (set.key[i] !== set.key[operation] || set.returns[i] === NEVER) continue
    if ((set.kind[i] !== READ && set.kind[i] !== CAS) || set.expects[i] === set.expects[operation] || isWritten(i))
      continue
    const held = show(decoder.value(set.names[set.expects[i]]))
    return `, and it was ${held} that was there at the start: ${createWords(decoder).did(set.row[i], set.kind[i])}`
  }
  return ''
}
