import { type Call, type Command, command } from '../command.ts'
import { UnknownCommand } from '../failures.ts'
import { globMatcher } from '../glob.ts'
import type { Reply } from '../reply.ts'
import type { Session } from '../session.ts'
import type { Store } from '../store.ts'

type Kind = 'channels' | 'patterns'

const prefix = { channels: '', patterns: 'p' } as const

const countOf = ({ channels, patterns }: Session): number => channels.size + patterns.size

const subscribing =
  (kind: Kind) =>
  ({ store, session, args, name }: Call): undefined => {
    if (session.queued !== undefined) throw new UnknownCommand(`${name.toUpperCase()} within MULTI`)
    for (const topic of args) {
      session[kind].add(topic)
      const listeners = store[kind].get(topic) ?? new Set()
      store[kind].set(topic, listeners.add(session))
      session.outbox.push({ push: [`${prefix[kind]}subscribe`, topic, countOf(session)] })
    }
  }

const unsubscribing =
  (kind: Kind) =>
  ({ store, session, args }: Call): undefined => {
    const topics = args.length > 0 ? args : [...session[kind]]
    const kindOfPush = `${prefix[kind]}unsubscribe`
    if (topics.length === 0) session.outbox.push({ push: [kindOfPush, null, countOf(session)] })
    for (const topic of topics) {
      leave(store, session, kind, topic)
      session.outbox.push({ push: [kindOfPush, topic, countOf(session)] })
    }
  }

function leave(store: Store, session: Session, kind: Kind, topic: string): void {
  session[kind].delete(topic)
  const listeners = store[kind].get(topic)
  listeners?.delete(session)
  if (listeners?.size === 0) store[kind].delete(topic)
}

export function leaveAll(store: Store, session: Session): void {
  for (const kind of ['channels', 'patterns'] as const)
    for (const topic of [...session[kind]]) leave(store, session, kind, topic)
}

function publish({ store, args: [channel = '', text = ''] }: Call): Reply {
  let count = 0
  for (const session of store.channels.get(channel) ?? []) {
    session.outbox.push({ push: ['message', channel, text] })
    count++
  }
  for (const [pattern, listeners] of store.patterns)
    if (globMatcher(pattern)(channel))
      for (const session of listeners) {
        session.outbox.push({ push: ['pmessage', pattern, channel, text] })
        count++
      }
  return count
}

function pubsub({ store, args: [what = '', ...rest] }: Call): Reply {
  switch (what.toUpperCase()) {
    case 'CHANNELS':
      return [...store.channels.keys()].filter(globMatcher(rest[0] ?? '*'))
    case 'NUMSUB':
      return rest.flatMap((channel): Reply[] => [channel, store.channels.get(channel)?.size ?? 0])
    case 'NUMPAT':
      return store.patterns.size
    default:
      throw new UnknownCommand(`PUBSUB ${what}`)
  }
}

export const pubSubCommands: readonly Command[] = [
  command('SUBSCRIBE', -2, subscribing('channels')),
  command('PSUBSCRIBE', -2, subscribing('patterns')),
  command('UNSUBSCRIBE', -1, unsubscribing('channels')),
  command('PUNSUBSCRIBE', -1, unsubscribing('patterns')),
  command('PUBLISH', 3, publish),
  command('PUBSUB', -2, pubsub),
]
