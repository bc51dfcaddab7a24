import { runMembers } from '@chaosproxy/runner'
import * as v from 'valibot'
import { pathSchema } from './path-schema.ts'

const text = v.string('must be a text')

const programMembers = {
  entry: v.pipe(pathSchema, v.description('the file of its program')),
  args: v.optional(v.array(text, 'must be a list of texts')),
  environment: v.optional(v.record(text, text, 'must be an object of texts')),
}

/** A Node service, for `chaos simulate` and as a target. */
export const serviceSchema: v.GenericSchema = v.strictObject(
  {
    ...programMembers,
    routes: v.optional(v.pipe(pathSchema, v.description('its route table; by default routes.json beside the program'))),
    client: v.optional(
      v.pipe(
        pathSchema,
        v.description('in place of routes: a file of clients, whose default export is defineClient({ … })'),
      ),
    ),
    nodes: runMembers.nodes,
    redis: v.optional(
      v.pipe(
        v.literal('simulated', 'must be "simulated"'),
        v.description(
          'a Redis, at REDIS_URL: in the simulator one in memory, at redis:6379; a redis-server for processes',
        ),
      ),
    ),
    beside: v.optional(
      v.pipe(
        v.record(v.string(), v.strictObject(programMembers, 'must be an object with an entry'), 'must be an object'),
        v.description('programs that stand beside the nodes, by name: payments is dialled at PAYMENTS_URL'),
      ),
    ),
    http: v.optional(
      v.pipe(
        v.picklist(['bytes', 'messages'], 'must be "bytes" or "messages"'),
        v.description('what the simulator sends for requests: bytes, or whole messages, which is faster'),
      ),
    ),
    losesPower: v.optional(
      v.pipe(v.boolean('must be true or false'), v.description('kills also cut the power of their node')),
    ),
  },
  'must be an object with an entry',
)
