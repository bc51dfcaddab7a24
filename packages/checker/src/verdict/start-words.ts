import { CAS, type Decoder, type Encoded, NEVER, READ } from '../encoding/encoded.ts'
import { capital, createWords, show } from './words.ts'

export function outOfThinAir(set: Encoded, operation: number, decoder: Decoder): string {
  const did = createWords(decoder).did(set.row[operation], set.kind[operation])
  const value = show(decoder.value(set.names[set.expects[operation]]))
  return `${capital(did)}, but no write that could have taken effect wrote ${value}${otherStart(set, operation, decoder)}.`
}

/**
 * Names another operation that saw a different initial value. Only one of the two values can be right. Empty if there
 * is no such operation.
 */
function otherStart(set: Encoded, operation: number, decoder: Decoder): string {
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
