import type { Nanos } from '@chaosproxy/history'
import { type Extra, eventLine, sessionText, subjectText, UNWRITTEN, valueText } from './event-line.ts'
import type { Lanes } from './processes.ts'
import type { View } from './view.ts'

/**
 * A time in which the server may remove a key once, because its time to live may be over. The history has the removal
 * as a write of null by a separate process. The removal may take effect at any time until `ended` is called.
 */
export interface Expiry {
  /** Ends the expiry. `ok`: it happened, perhaps unseen. `fail`: it never happens. */
  ended(outcome: 'ok' | 'fail'): void
}

export interface ExpiryOptions {
  readonly views: readonly View[]
  readonly lanes: Lanes
  readonly now: () => Nanos
  readonly epoch: () => number
}

const EXPIRES: Extra = { text: ',"expires":true', members: { expires: true } }

export function openExpiry(key: string, { views, lanes, now, epoch }: ExpiryOptions): Expiry {
  const process = lanes.take()
  const subject = `${subjectText('write', key)}${valueText(null)}`
  const append = (type: 'invoke' | 'ok' | 'fail'): void => {
    const named = type === 'invoke' && lanes.session !== undefined
    const event = {
      ...{
        index: UNWRITTEN,
        time: now(),
        process,
        type,
        f: 'write',
        key,
        value: null,
        epoch: epoch(),
        ...EXPIRES.members,
      },
      ...(named ? { session: lanes.session } : {}),
    }
    const more = `${named ? sessionText(lanes.session) : ''},"epoch":${event.epoch}${EXPIRES.text}`
    for (const view of views) view.order.append(eventLine({ ...event }, subject, more))
  }
  for (const view of views) view.seenAbsent(key)
  append('invoke')
  return { ended: append }
}
