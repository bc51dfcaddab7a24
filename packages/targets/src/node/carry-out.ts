import type { NodeId } from '@chaosproxy/faults'
import type { VolatileEffect } from './effects.ts'
import type { NodeLog } from './log.ts'
import type { PeerLink } from './peer-link.ts'
import type { Requests } from './requests.ts'
import type { Timers } from './timers.ts'

interface CarrierOptions {
  readonly links: ReadonlyMap<NodeId, PeerLink>
  readonly requests: Requests
  readonly timers: Timers
  readonly log: NodeLog
  /** Called at the first `mark` effect, and never again. */
  readonly marked: () => void
}

/** Carries out all effects of a machine except those for the disk. */
interface Carrier {
  carryOut(effect: VolatileEffect): void
  /**
   * Must be called after each step of the machine. The next step may change the message that was sent last, so the
   * encoded text of this message must not be reused.
   */
  stepped(): void
}

export function createCarrier({ links, requests, timers, log, marked }: CarrierOptions): Carrier {
  let isMarked = false
  let lastSent: { readonly message: unknown; readonly text: string } | undefined

  /** A message for all peers is encoded once. */
  function encoded(message: unknown): string {
    if (lastSent === undefined || lastSent.message !== message) lastSent = { message, text: JSON.stringify(message) }
    return lastSent.text
  }

  return {
    stepped() {
      lastSent = undefined
    },
    carryOut(effect) {
      switch (effect.type) {
        case 'send':
          links.get(effect.to)?.send(encoded(effect.message))
          break
        case 'reply':
          requests.answer(effect.requestId, effect.result)
          break
        case 'setTimer':
          timers.set(effect.timer, effect.afterMs)
          break
        case 'cancelTimer':
          timers.cancel(effect.timer)
          break
        case 'log':
          log.line(effect.text)
          break
        case 'mark':
          if (!isMarked) marked()
          isMarked = true
          break
        default:
          effect satisfies never
      }
    },
  }
}
