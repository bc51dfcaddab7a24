import { type ProtocolDefinition, watchState } from '../definition.ts'
import { isEverRead } from '../objects/registry.ts'
import { bug, defineProtocol } from '../options.ts'
import { createSingle } from './machine.ts'
import { type SingleState, settings } from './state.ts'

export const single: ProtocolDefinition = defineProtocol({
  name: 'single',
  weakness: ({ retry = 'key', degrade }, _nodes, object) =>
    retry === 'blind'
      ? 'a request without an answer is sent again without a key, and may take effect twice'
      : degrade === true && isEverRead(object)
        ? 'an app server that cannot read from the database answers with an older value'
        : undefined,
  summary:
    'app servers with one database; without an answer they do not retry, retry blindly, or retry with an idempotency key',
  defaultNodes: 3,
  settings,
  bugs: {
    'key-in-memory': bug('the database remembers keys in memory only, so a restart forgets them', ['kill', 'delay'], {
      workload: 'counter',
    }),
    'key-after-effect': bug("the key is stored in its own transaction, after the effect's", ['kill'], {
      workload: 'counter',
    }),
    'key-before-effect': bug("the key is stored in its own transaction, before the effect's", ['kill'], {
      workload: 'counter',
    }),
    'key-per-attempt': bug('each attempt has its own key, so no retry is recognised', ['delay', 'pause'], {
      workload: 'counter',
    }),
    'refuse-after-sent': bug(
      'once the circuit is open, a request is reported as never sent, although an earlier attempt was sent',
      ['delay', 'pause'],
      { settings: { 'breaker-failures': 2 }, workload: 'counter' },
    ),
  },
  invariants: [
    /** A request with a key takes effect once, and is answered ok only if its effect is there (Helland 2012). */
    { name: 'once for each key', watch: watchState(({ wrong }: SingleState) => wrong) },
  ],
  // With blind retries, any request may take effect twice, and an old write may take effect after a later one.
  promises: (_, { retry, degrade }) => (retry === 'blind' ? 'none' : degrade === true ? 'eventual' : 'linearizable'),
  create: createSingle,
})
