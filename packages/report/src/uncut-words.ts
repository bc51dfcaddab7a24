import type { Counterexample, Uncut } from '@chaosproxy/checker'
import { count } from '@chaosproxy/history'

const whys: { readonly [why in Uncut['why']]: string } = {
  time: 'Not cut down further: out of time (see --timeout).',
  memory: 'Not cut down further: out of memory (see --memory).',
  size: 'Not cut down further: the smallest explanation found is too long to be shown.',
  unasked: 'Not cut down further.',
}

/** Why a counterexample may not be the smallest; empty if it was cut down completely. */
export function uncutText({ uncut, operations }: Counterexample): string | undefined {
  if (uncut === undefined) return undefined
  const { why, among, standsAlone } = uncut
  const shown = `${operations.length === 1 ? 'This is one' : `These are ${count(operations.length)}`} of the ${count(among)} operations among which it was found`
  const alone = standsAlone ? 'and a violation by themselves' : 'and may not be a violation by themselves'
  return `${whys[why]} ${shown}, ${alone}.`
}
