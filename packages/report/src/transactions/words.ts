import type { DrawnTransaction, TransactionArrow } from '@chaosproxy/checker'
import { FAIL, type History, OK } from '@chaosproxy/history'
import { nameText } from '../operation-words.ts'

export const nameOfPart = (part: number): string => `T${part + 1}`

/** How a transaction ended. */
export function endText(history: History, { operation, members = [] }: DrawnTransaction): string {
  if (members.length > 1) return 'not one transaction'
  const outcome = history.operations.outcome[operation]
  return outcome === OK ? 'committed' : outcome === FAIL ? 'rolled back' : 'no answer'
}

/** `3 more reads and writes`: what is not drawn of a transaction; empty if all of it is. */
export const othersText = ({ others, steps }: DrawnTransaction): string =>
  others === 0
    ? ''
    : `${others}${steps.length === 0 ? '' : ' more'} ${others === 1 ? 'read or write' : 'reads and writes'}`

/** What an arrow means, read from its beginning to its end: `did not see`. */
export const arrowWords: { readonly [edge in TransactionArrow['edge']]: string } = {
  rw: 'did not see',
  wr: 'was read by',
  ww: 'was overwritten by',
  session: 'same session, before',
  'real time': 'ended before',
}

/** `rw accounts/7`; empty for orders of sessions and of real time, whose words say it all. */
export const arrowLabel = ({ edge, key }: TransactionArrow): string =>
  key === undefined ? '' : `${edge} ${nameText(key)}`

/** `T1 did not see what T2 wrote to bob (rw)`. */
export function arrowSentence({ from, to, edge, key = '' }: TransactionArrow): string {
  const [one, other] = [nameOfPart(from.part), nameOfPart(to.part)]
  switch (edge) {
    case 'rw':
      return `${one} did not see what ${other} wrote to ${nameText(key)} (rw)`
    case 'wr':
      return `${other} read what ${one} wrote to ${nameText(key)} (wr)`
    case 'ww':
      return `${other} wrote ${nameText(key)} after ${one} (ww)`
    case 'session':
      return `${one} came before ${other} in the same session`
    case 'real time':
      return `${one} had ended before ${other} began`
    default:
      return edge satisfies never
  }
}
