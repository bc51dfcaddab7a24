import { type Json, UserError } from '@chaosproxy/history'
import { type InOrderProtocol, recordedInOrder } from '../../../../recorder/src/spoken/in-order.ts'
import { defineProtocol, type RecordedProtocol } from '../../../../recorder/src/spoken/protocol.ts'
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
      return recordedInOrder(spoken, server, client)
    },
  }),
})

const spoken: InOrderProtocol<{ readonly f: string | undefined; readonly value: Json }> = {
  framing: tinyFraming,
  asked(request, session) {
    const [command, key = '', text = ''] = String(tinyFraming.read(request)).split(' ')
    const f = command === 'SET' ? 'write' : command === 'GET' ? 'read' : undefined
    const value = f === 'write' ? text : null
    const kept = { f, value }
    if (f === undefined) return { kept, understanding: { kind: 'passed-on', what: 'a line', touches: 'everything' } }
    const calls = [{ f, key, value, harmless: f === 'read' }] as const
    return { kept, understanding: { kind: 'operations', calls, session, final: text === 'FINAL' } }
  },
  answered({ f, value }, reply) {
    const [word, said = null] = String(tinyFraming.read(reply)).split(' ')
    return word === 'ERROR' ? { type: 'fail', error: 'refused' } : { type: 'ok', value: f === 'read' ? said : value }
  },
}
