import { defineRecordedProtocol, type Extension } from 'chaosproxy'

// A minimal protocol with one line per message: the reply to `SET k v` is `STORED`, and the reply to `GET k` is
// `VALUE v` or `NONE`. `FINAL` after a key means that no more writes follow.

const words = (line: Buffer): readonly string[] => line.toString().trimEnd().split(' ')

export const tiny: Extension = defineRecordedProtocol({
  name: 'tiny',
  port: 1,
  model: 'register',
  scanner: () => ({ scan: (bytes, start) => bytes.indexOf('\n', start) + 1 || -1 }),
  asked(request) {
    const [command, key = '', text = ''] = words(request)
    if (command === 'SET') return { f: 'write', key, value: text }
    if (command === 'GET') return { f: 'read', key, value: null, harmless: true, final: text === 'FINAL' }
    return { passes: 'a line', touches: 'everything' }
  },
  answered({ f, value }, reply) {
    const [word, said = null] = words(reply)
    return word === 'ERROR' ? { type: 'fail', error: 'refused' } : { type: 'ok', value: f === 'read' ? said : value }
  },
  finalReads: {
    ask: (key) => `GET ${key} FINAL\n`,
    understood(answer) {
      const [word, value = null] = answer.trimEnd().split(' ')
      return word === 'VALUE' || word === 'NONE' ? { type: 'ok', value } : { type: 'fail', error: answer }
    },
  },
})
