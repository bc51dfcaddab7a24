import { type FaultFamily, type FaultParameter, faultFamilies, trafficFaultKinds } from '@chaos/faults'
import { carriageNames } from '../carriage.ts'
import { listOf, reference, type Schema, schemaOfParameters } from './described-route.ts'

const text: Schema = { type: 'string' }
const count: Schema = { type: 'integer', minimum: 0 }
const flag: Schema = { type: 'boolean' }

/** What may be said of a proxy when it is made, and what may be changed of it. */
export const proxyParameters: readonly FaultParameter[] = [
  { name: 'listen', unit: 'text', summary: 'host:port to listen on; port 0 is any free one', default: '127.0.0.1:0' },
  { name: 'upstream', unit: 'text', summary: 'host:port it leads to' },
  { name: 'enabled', unit: 'flag', summary: 'whether it accepts connections', default: true },
]

export const proxyEndParameters: readonly FaultParameter[] = [
  { name: 'from', unit: 'text', summary: 'who dials it, as links name it', default: 'clients' },
  { name: 'to', unit: 'text', summary: 'whom it leads to, as links name it; by default its name', optional: true },
  { name: 'protocol', unit: 'text', summary: 'what it passes on', default: 'tcp', values: ['tcp', 'udp'] },
]

export const nameParameter: FaultParameter = { name: 'name', unit: 'text', summary: 'one of a kind' }

export const leaseParameters: readonly FaultParameter[] = [
  { name: 'owner', unit: 'text', summary: 'who it is for, as events tell it' },
  {
    name: 'ttlMs',
    unit: 'ms',
    summary: 'how long it lasts without being renewed',
    default: 30_000,
    least: 100,
    most: 86_400_000,
  },
]

export const partitionModes: FaultParameter = {
  name: 'mode',
  unit: 'text',
  summary: 'hold: bytes go on at heal; drop: they are lost, and connections are reset at heal',
  default: 'hold',
  values: ['hold', 'drop'],
}

/** What stands in a fault beside its kind and its parameters. */
const besideHarm: { readonly [name: string]: Schema } = {
  name: { type: 'string', description: 'one of a kind; given one where it is left out' },
  links: { ...listOf(text), description: 'directions to hurt, such as clients>db' },
  proxies: {
    ...listOf(text),
    description: 'instead of links: both links of these proxies, or one of them by direction',
  },
  direction: { type: 'string', enum: ['both', 'upstream', 'downstream'], default: 'both' },
  lease: { type: 'string', description: 'the lease it lives by' },
}

const faultSchemas = ({ harms, match, when }: FaultFamily): readonly Schema[] =>
  Object.entries(harms).map(([kind, { summary, parameters }]) => {
    const schema = schemaOfParameters(parameters, {
      kind: { type: 'string', const: kind },
      ...besideHarm,
      ...(match.length === 0 ? {} : { match: schemaOfParameters(match) }),
      when: schemaOfParameters(when),
    })
    return { ...schema, description: summary, required: ['kind', ...(schema.required ?? [])] }
  })

const objectOf = (properties: { readonly [name: string]: Schema }, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
})

/** Everything that goes in or out, by name. */
export const componentSchemas: { readonly [name: string]: Schema } = {
  Error: objectOf({ error: text, status: count }),
  ProxyRequest: schemaOfParameters([nameParameter, ...proxyParameters, ...proxyEndParameters], {
    carries: {
      description:
        'what its bytes are, where single requests or messages are to be hurt or recorded; a route table stands beside the kind http',
      oneOf: [{ type: 'string', enum: carriageNames }, objectOf({ kind: { type: 'string', enum: carriageNames } })],
    },
    tls: { type: 'object', description: 'where TLS is to end (terminate) and begin anew (originate)' },
    peers: {
      type: 'object',
      description:
        'who may dial, where nodes share the address: for each its process id, or a file that holds it; known by the owner of the socket, on Linux',
    },
  }),
  ProxyChange: { ...schemaOfParameters(proxyParameters), required: [] },
  Proxy: objectOf(
    {
      name: text,
      listen: text,
      upstream: text,
      enabled: flag,
      protocol: { type: 'string', enum: ['tcp', 'udp'] },
      authority: { type: 'string', description: 'what clients have to trust, in PEM, where a certificate was made' },
      from: text,
      to: text,
      links: listOf(text),
      liveConnections: count,
      identification: objectOf({ by: text, known: count, unknown: count }),
      faults: listOf(text),
    },
    ['authority'],
  ),
  Link: objectOf({
    link: text,
    bytes: count,
    chunks: count,
    deliveredBytes: count,
    droppedBytes: count,
    connections: count,
    liveConnections: count,
    failedDials: count,
    failedAccepts: count,
    hits: count,
    faults: listOf(text),
  }),
  Fault: objectOf(
    {
      name: text,
      kind: { type: 'string', enum: trafficFaultKinds },
      links: listOf(text),
      origin: { type: 'string', enum: ['api', 'toxic', 'partition', 'rules'] },
      hits: count,
      missed: count,
      lease: text,
      when: { type: 'object' },
      match: { type: 'object' },
    },
    ['missed', 'lease', 'when', 'match'],
  ),
  FaultRequest: { oneOf: faultFamilies.flatMap(faultSchemas) },
  PartitionRequest: schemaOfParameters([partitionModes], {
    groups: { type: 'array', minItems: 2, items: listOf(text), description: 'who stays together' },
  }),
  Partition: objectOf({ name: text, mode: text, links: listOf(text), hits: count }),
  RuleSet: objectOf({ epoch: count, faults: listOf(reference('Fault')) }),
  RuleSetRequest: { ...objectOf({ faults: listOf(reference('FaultRequest')) }), additionalProperties: false },
  LeaseRequest: schemaOfParameters(leaseParameters),
  Recording: objectOf({
    views: listOf(objectOf({ paths: listOf(text), writtenLines: count, behindBytes: count, lostLines: count })),
    operations: count,
    ok: count,
    fail: count,
    info: count,
    unmatched: count,
    touched: count,
    notUnderstood: count,
    unnamed: count,
  }),
  Lease: objectOf({ id: text, owner: text, ttlMs: count, remainingMs: count, faults: listOf(text) }),
}
