import { type Json, UserError } from '@chaosproxy/history'
import type { Completions, Understanding } from '../../../../recorder/src/record/call.ts'
import type { Exchange } from '../../../../recorder/src/record/exchange.ts'
import {
  MAX_MESSAGE_BYTES,
  type RecordedConversation,
  type RecordedServer,
  type ServerRecording,
} from '../../../../recorder/src/spoken/conversation.ts'
import { defineProtocol, type RecordedProtocol } from '../../../../recorder/src/spoken/protocol.ts'
import { FrameReader } from '../../../../wire/src/framing/frame-reader.ts'
import { tinyFraming } from './framing.ts'

/** What its folder in `recorder` would export. */
export const tiny: RecordedProtocol = defineProtocol({
  framing: tinyFraming,
  example: 'tiny',
  schemes: { tiny: { port: 1, isSecure: false } },
  needsSettings: false,
  namedBy: 'nothing',
  resends: false,
  remedies: {
    nothing: 'SET and GET are recorded.',
    notUnderstood: 'Write a line for each command.',
    touched: 'Send SET and GET only.',
    unnamed: 'Give --client connection.',
  },
  finalReads: () => ({
    ask: (key) => `GET ${key} FINAL`,
    understood(answer) {
      const [word, value = null] = String(answer).split(' ')
      return word === 'VALUE' || word === 'NONE' ? { type: 'ok', value } : { type: 'fail', error: String(answer) }
    },
  }),
  parse({ commands: model = 'register', client, initial, ...others }, where) {
    const [stranger] = Object.keys(others)
    if (stranger !== undefined) throw new UserError('input', `${where} has no member "${stranger}".`)
    return {
      commands: { model: String(model) },
      client: client === 'connection' ? client : undefined,
      initial: initial === undefined ? 'unknown' : (initial as { readonly value: Json }),
    }
  },
  load: async () => ({
    record({ client, initial }, server) {
      server.recorder.clientsBy({ by: client ?? 'nothing', named: client !== undefined })
      server.recorder.startsWith(typeof initial === 'object' ? initial : undefined)
      return recorded(server, client)
    },
  }),
})

interface Asked {
  readonly exchange: Exchange
  readonly startByte: number
  readonly f: string | undefined
  readonly value: Json
}

const recorded = (
  { recorder, node, maxMessageBytes: maxFrameBytes = MAX_MESSAGE_BYTES }: RecordedServer,
  client: ServerRecording['client'],
): ServerRecording => ({
  client,
  open({ host, naming }): RecordedConversation {
    const connection = recorder.connection({ node, client: host })
    const session = naming.kind === 'fixed' ? naming.session : undefined
    const readers = {
      requests: new FrameReader({ scanner: tinyFraming.scanner('requests'), maxFrameBytes }),
      responses: new FrameReader({ scanner: tinyFraming.scanner('responses'), maxFrameBytes }),
    }
    let [requestBytes, responseBytes] = [0, 0]
    let unsent: Asked[] = []
    let pending: Asked[] = []
    let undelivered: { exchange: Exchange; completions: Completions; endByte: number }[] = []
    const lost = () => connection.opaque('a connection that is no tiny', 'everything')

    function understood(f: string | undefined, key: string, value: Json, final: boolean): Understanding {
      if (f === undefined) return { kind: 'passed-on', what: 'a line', touches: 'everything' }
      return { kind: 'operations', calls: [{ f, key, value, harmless: f === 'read' }], session, final }
    }

    return {
      isFull: false,
      asked(bytes, time) {
        readers.requests.read(bytes, {
          frame(frame) {
            const [command, key = '', text = ''] = String(tinyFraming.read(frame)).split(' ')
            const f = command === 'SET' ? 'write' : command === 'GET' ? 'read' : undefined
            const value = f === 'write' ? text : null
            const asked = { exchange: connection.beginWhole(time), startByte: requestBytes, f, value }
            requestBytes += frame.length
            asked.exchange.called(understood(f, key, value, text === 'FINAL'))
            unsent.push(asked)
            pending.push(asked)
          },
          loose: lost,
        })
      },
      sent(totalBytes, time) {
        for (const { exchange } of unsent.filter(({ startByte }) => startByte < totalBytes)) exchange.forwarded(time)
        unsent = unsent.filter(({ startByte }) => startByte >= totalBytes)
      },
      answered(bytes) {
        readers.responses.read(bytes, {
          frame(frame) {
            responseBytes += frame.length
            const asked = pending.shift()
            if (asked === undefined) return connection.unmatchedAnswer()
            const { exchange, f, value } = asked
            const [word, said = null] = String(tinyFraming.read(frame)).split(' ')
            const completions: Completions =
              word === 'ERROR' ? { type: 'fail', error: 'refused' } : { type: 'ok', value: f === 'read' ? said : value }
            if (f === undefined) return exchange.settled(word === 'ERROR')
            exchange.answered(recorder.now(), completions)
            undelivered.push({ exchange, completions, endByte: responseBytes })
          },
          loose: lost,
        })
      },
      delivered(totalBytes) {
        for (const { exchange, completions, endByte } of undelivered)
          if (endByte <= totalBytes) exchange.delivered(recorder.now(), completions)
        undelivered = undelivered.filter(({ endByte }) => endByte > totalBytes)
      },
      altered: () => connection.altered('everything'),
      disturbed: lost,
      hungUp: () => connection.hungUp(),
      ended(reason) {
        for (const { exchange } of pending) exchange.ended(recorder.now(), reason)
        pending = []
      },
      closed() {
        this.ended('the connection ended')
        for (const { exchange } of undelivered) exchange.ended(recorder.now(), 'the connection ended')
      },
    }
  },
})
