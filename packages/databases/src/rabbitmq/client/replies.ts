import type { IntroducedSource, Received } from '@chaosproxy/targets/database'
import {
  contentFrames,
  type Frame,
  firstFrame,
  long,
  longlong,
  longText,
  methodFrame,
  octet,
  short,
  shortText,
  table,
} from '@chaosproxy/wire/amqp'

export type Reply =
  | { readonly type: 'done' }
  /** The broker takes no responsibility for the message. */
  | { readonly type: 'nack' }
  /** No queue took the message. */
  | { readonly type: 'returned' }
  | { readonly type: 'empty' }
  | { readonly type: 'message'; readonly tag: bigint; readonly body: Buffer }
  | { readonly type: 'closed'; readonly error: string }

/** Reads the replies on a connection with one channel. */
export interface ChannelReplies extends IntroducedSource<Reply> {
  introduce(confirms: boolean): Buffer
  /** Returns a request that changes nothing. Its reply arrives after the replies to all earlier requests. */
  flush(): Buffer
  declare(queue: string, kind: string): Buffer
  publish(queue: string, body: Buffer, persistent: boolean): Buffer
  /** Requests a message. If `auto`, the broker forgets the message once it has sent it. */
  get(queue: string, auto: boolean): Buffer
  /** Acknowledges this message and, with `multiple`, all earlier messages. */
  ack(tag: bigint, multiple: boolean): Buffer
}

const CHANNEL = 1
/** The first bytes of a connection: the protocol's version. */
const GREETING = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1')
const MOST_FRAME_BYTES = 131_072
const NO_HEARTBEATS = 0
const DURABLE = 2
const MANDATORY = 1
const DEFAULT_EXCHANGE = ''

const flush = (): Buffer => methodFrame('basic.qos', CHANNEL, long(0), short(0), octet(0))

/** A login as `guest`, which the broker accepts from its own machine. */
const introduction = (confirms: boolean): Buffer =>
  Buffer.concat([
    GREETING,
    methodFrame(
      'connection.start-ok',
      0,
      table({}),
      shortText('PLAIN'),
      longText('\0guest\0guest'),
      shortText('en_US'),
    ),
    methodFrame('connection.tune-ok', 0, short(CHANNEL), long(MOST_FRAME_BYTES), short(NO_HEARTBEATS)),
    methodFrame('connection.open', 0, shortText('/'), shortText(''), octet(0)),
    methodFrame('channel.open', CHANNEL, shortText('')),
    ...(confirms ? [methodFrame('confirm.select', CHANNEL, octet(0))] : []),
  ])

const requests: Pick<ChannelReplies, 'flush' | 'declare' | 'get' | 'ack'> = {
  flush,
  declare: (queue, kind) =>
    methodFrame(
      'queue.declare',
      CHANNEL,
      ...[short(0), shortText(queue), octet(DURABLE), table({ 'x-queue-type': kind })],
    ),
  get: (queue, auto) => methodFrame('basic.get', CHANNEL, short(0), shortText(queue), octet(auto ? 1 : 0)),
  ack: (tag, multiple) =>
    Buffer.concat([methodFrame('basic.ack', CHANNEL, longlong(tag), octet(multiple ? 1 : 0)), flush()]),
}

function publishing(
  queue: string,
  body: Buffer,
  { persistent, confirming }: { readonly persistent: boolean; readonly confirming: boolean },
): Buffer {
  return Buffer.concat([
    methodFrame(
      'basic.publish',
      CHANNEL,
      ...[short(0), shortText(DEFAULT_EXCHANGE), shortText(queue), octet(MANDATORY)],
    ),
    contentFrames(body, CHANNEL, persistent),
    ...(confirming ? [] : [flush()]),
  ])
}

interface Content {
  /** Begins a message. `tag` is undefined for a message that the broker has returned. */
  begin(tag: bigint | undefined): void
  /**
   * Adds a frame to the message. If the frame completes the message, returns the message. Otherwise returns undefined,
   * as it does for each message that the broker sent back as undeliverable (`basic.return`).
   */
  add(frame: Extract<Frame, { kind: 'header' | 'body' }>): Reply | undefined
}

function openContent(): Content {
  let arriving: { readonly tag: bigint | undefined; size: number; readonly parts: Buffer[] } | undefined
  return {
    begin(tag) {
      arriving = { tag, size: Number.POSITIVE_INFINITY, parts: [] }
    },
    add(frame) {
      if (arriving === undefined) return undefined
      if (frame.kind === 'header') arriving.size = frame.size
      else arriving.parts.push(frame.bytes)
      const { tag, size, parts } = arriving
      const body = Buffer.concat(parts)
      if (body.length < size) return undefined
      arriving = undefined
      return tag === undefined ? undefined : { type: 'message', tag, body }
    },
  }
}

export function channelReplies(): ChannelReplies {
  let buffered: Buffer = Buffer.alloc(0)
  let open = false
  let confirming = false
  /** Whether the broker has returned a published message, but has not yet replied to its publication. */
  let returned = false
  const content = openContent()

  function replyTo(frame: Frame): Reply | undefined {
    switch (frame.kind) {
      case 'heartbeat':
        return undefined
      case 'header':
      case 'body':
        return content.add(frame)
      case 'method':
        return replyToMethod(frame.name, frame.members)
    }
  }

  function replyToMethod(name: string, members: Buffer): Reply | undefined {
    switch (name) {
      case 'channel.open-ok':
        open = !confirming
        return open ? { type: 'done' } : undefined
      case 'confirm.select-ok':
        open = true
        return { type: 'done' }
      case 'queue.declare-ok':
        return { type: 'done' }
      case 'basic.ack':
      case 'basic.qos-ok': {
        const wasReturned = returned
        returned = false
        return { type: wasReturned ? 'returned' : 'done' }
      }
      case 'basic.nack':
        return { type: 'nack' }
      case 'basic.return':
        returned = true
        content.begin(undefined)
        return undefined
      case 'basic.get-ok':
        content.begin(members.readBigUInt64BE(0))
        return undefined
      case 'basic.get-empty':
        return { type: 'empty' }
      case 'connection.close':
      case 'channel.close':
        return { type: 'closed', error: closeText(members) }
      default:
        return undefined
    }
  }

  return {
    isOpen: () => open,
    introduce(confirms) {
      confirming = confirms
      return introduction(confirms)
    },
    ...requests,
    publish: (queue, body, persistent) => publishing(queue, body, { persistent, confirming }),
    read(chunk) {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
      for (;;) {
        const first = firstFrame(buffered)
        if (first === undefined) return { type: 'incomplete' }
        if (typeof first === 'string') return { type: 'unreadable', why: first }
        buffered = buffered.subarray(first.size)
        const reply = replyTo(first.frame)
        if (reply !== undefined) return received(reply, open)
      }
    },
    end: () => ({ type: 'incomplete' }),
  }
}

/** Converts a reply to its result. After `closed`, the channel is unusable. */
function received(reply: Reply, isOpen: boolean): Received<Reply> {
  if (reply.type !== 'closed') return { type: 'reply', reply, reusable: true }
  return isOpen ? { type: 'reply', reply, reusable: false } : { type: 'unreadable', why: reply.error }
}

/** Returns why the broker closed the connection or channel: `404 NOT_FOUND - no queue 'x' in vhost '/'`. */
const closeText = (members: Buffer): string =>
  `${members.readUInt16BE(0)} ${members.toString('utf8', 3, 3 + members.readUInt8(2))}`
