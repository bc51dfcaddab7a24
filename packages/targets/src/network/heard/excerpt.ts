import type { Link } from '@chaosproxy/faults'
import { type Nanos, nanos } from '@chaosproxy/history'
import type { Doubt, Passage, PassedMessage } from '@chaosproxy/proxy'
import type { Change, Listening } from '@chaosproxy/runner/result'
import { type Recognised, recognise } from './recognise.ts'

/** The relevant part of a passage. */
export interface Excerpt {
  readonly link: Link
  /** The messages sent within the time of interest, and earlier ones that carry the change. */
  readonly sent: readonly Sent[]
  /** Why other messages may have been sent in that time. */
  readonly doubts: readonly (Doubt['why'] | 'forgotten')[]
  /** Whether it contains another recognisable change of the key. */
  readonly isUnderstood: boolean
}

export interface Sent {
  readonly message: PassedMessage
  readonly link: Link
  readonly sentAt: Nanos
  /** The latest of the changes of interest that it carries. */
  readonly change: Change | undefined
  readonly recognised: Recognised
}

export interface ExcerptOptions {
  readonly listening: Listening
  readonly known: readonly Change[]
  /** The start of the run, by the proxy's clock. */
  readonly zeroMs: number
}

export const runTime = (ms: number, { zeroMs }: Pick<ExcerptOptions, 'zeroMs'>): Nanos =>
  nanos(Math.round((ms - zeroMs) * 1e6))

export function excerptOf(passage: Passage, options: ExcerptOptions): Excerpt {
  const { link, messages, forgottenUntilMs, doubts } = passage
  const { listening, known, zeroMs } = options
  const [fromMs, toMs] = [zeroMs + listening.from / 1e6, zeroMs + listening.to / 1e6]
  const within = doubts.filter((doubt) => doubt.fromMs <= toMs && doubt.toMs >= fromMs)
  return {
    link,
    sent: messages
      .filter(({ sentAtMs }) => sentAtMs <= toMs)
      .map((message) => ({ message, link, sentAt: runTime(message.sentAtMs, options), ...about(message, listening) }))
      .filter(({ sentAt, recognised }) => sentAt >= listening.from || recognised === 'carries'),
    doubts: [...within.map(({ why }) => why), ...(forgottenUntilMs >= fromMs ? (['forgotten'] as const) : [])],
    isUnderstood: messages.some((message) => known.some((change) => recognise(message, change) === 'carries')),
  }
}

function about(message: PassedMessage, { about: changes }: Listening): Pick<Sent, 'change' | 'recognised'> {
  const all = changes.map((change) => ({ change, recognised: recognise(message, change) }))
  const found = all.findLast(({ recognised }) => recognised === 'carries')
  return (
    found ?? { change: undefined, recognised: all.find(({ recognised }) => recognised !== 'no')?.recognised ?? 'no' }
  )
}
