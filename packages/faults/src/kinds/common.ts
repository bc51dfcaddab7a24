import { ms, or, wholeNumber } from '../definition/parameter.ts'

// Parameters of kinds in several families.

export const delay = {
  delayMs: ms('the delay'),
  jitterMs: or(ms('uniform jitter: ± this much'), 0),
}

export const copies = or(wholeNumber('number of extra copies', { least: 1, most: 100 }), 1)

export const bits = or(wholeNumber('number of bits to flip', { least: 1, most: 64 }), 1)

export const status = wholeNumber('the status that the client receives', { least: 200, most: 599 })
