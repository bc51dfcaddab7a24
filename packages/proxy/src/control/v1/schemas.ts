import {
  type CutMode,
  choice,
  type DefaultedParameter,
  type FaultFamily,
  flag,
  ms,
  type OptionalParameter,
  optional,
  or,
  type ParameterSchema,
  text,
  trafficFamilies,
  trafficFaultKinds,
} from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import { carriageNames } from '../state/carriage.ts'
import { listOf, reference, type Schema, schemaOfParameters } from './described-route.ts'

const aText: Schema = { type: 'string' }
const aCount: Schema = { type: 'integer', minimum: 0 }
const aFlag: Schema = { type: 'boolean' }

export const proxyParameters: {
  readonly listen: DefaultedParameter<string>
  readonly upstream: ParameterSchema<string>
  readonly enabled: DefaultedParameter<boolean>
} = {
  listen: or(text('host:port to listen on; port 0 is any free one; with https:// in front for TLS'), '127.0.0.1:0'),
  upstream: text('host:port to forward to; with https:// in front for TLS'),
  enabled: or(flag('whether it accepts connections'), true),
}

export const proxyChangeParameters: {
  readonly listen: OptionalParameter<string>
  readonly upstream: OptionalParameter<string>
  readonly enabled: OptionalParameter<boolean>
} = {
  listen: optional(text('host:port to listen on; port 0 is any free one')),
  upstream: optional(text('host:port to forward to')),
  enabled: optional(flag('whether it accepts connections')),
}

export const newProxyParameters: typeof proxyParameters & {
  readonly name: ParameterSchema<string>
  readonly from: DefaultedParameter<string>
  readonly to: OptionalParameter<string>
  readonly protocol: DefaultedParameter<'tcp' | 'udp'>
  readonly keepHost: DefaultedParameter<boolean>
} = {
  name: text('unique name of the proxy'),
  ...proxyParameters,
  from: or(text('the name of the dialling end in links'), 'clients'),
  to: optional(text('name of the upstream end in links; by default the name of the proxy')),
  protocol: or(choice(['tcp', 'udp'], 'whether the proxy passes on connections or datagrams'), 'tcp'),
  keepHost: or(flag('whether servers reached by TLS get the Host of the client instead of their own name'), false),
}

export const leaseParameters: {
  readonly owner: ParameterSchema<string>
  readonly ttlMs: DefaultedParameter<Millis>
} = {
  owner: text('owner of the lease, as shown in events'),
  ttlMs: or(ms('duration of the lease without renewal', { least: 100, most: 86_400_000 }), 30_000),
}

export const partitionParameters: { readonly mode: DefaultedParameter<CutMode> } = {
  mode: or(
    choice(['hold', 'drop'], 'hold: bytes go on at heal; drop: they are lost, and connections are reset at heal'),
    'hold',
  ),
}

/** The members of a fault in addition to its kind and its parameters. */
const besideHarm: { readonly [name: string]: Schema } = {
  name: { type: 'string', description: 'unique name of the fault; generated if omitted' },
  links: { ...listOf(aText), description: 'links that the fault acts on, such as clients>db' },
  proxies: {
    ...listOf(aText),
    description: 'proxies that the fault acts on, instead of links: on both of their links, or on one by direction',
  },
  direction: { type: 'string', enum: ['both', 'upstream', 'downstream'], default: 'both' },
  lease: { type: 'string', description: 'lease whose end heals the fault' },
}

const faultSchemas = ({ kinds, match, when }: FaultFamily): readonly Schema[] =>
  kinds.map(({ kind, summary, parameters, shorthands = {} }) => {
    const schema = schemaOfParameters(
      { ...parameters, ...shorthands },
      {
        kind: { type: 'string', const: kind },
        ...besideHarm,
        ...(Object.keys(match).length === 0 ? {} : { match: schemaOfParameters(match) }),
        when: schemaOfParameters(when),
      },
    )
    return { ...schema, description: summary, required: ['kind', ...(schema.required ?? [])] }
  })

const objectOf = (properties: { readonly [name: string]: Schema }, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
})

const carriesSchema = (): Schema => ({
  description:
    'protocol of the traffic: a name, or an object with settings, such as the route table of http; needed for recording, and for faults on single requests or messages; with tcp, nothing is recorded',
  oneOf: [
    { type: 'string', enum: [...carriageNames(), 'tcp'] },
    objectOf({ kind: { type: 'string', enum: carriageNames() } }),
  ],
})

export const componentSchemas: { readonly [name: string]: Schema } = {
  Error: objectOf({ error: aText, status: aCount }),
  ProxyRequest: schemaOfParameters(newProxyParameters, {
    // Must be a getter: protocols and kinds of faults may be added until the schema is first read.
    get carries() {
      return carriesSchema()
    },
    tls: { type: 'object', description: 'whether to terminate TLS of clients, and to originate TLS to the upstream' },
    peers: {
      type: 'object',
      description:
        'nodes that dial from the same address: the process id of each node, or a file that contains it; a connection belongs to the node whose process owns the socket (Linux only)',
    },
  }),
  ProxyChange: schemaOfParameters(proxyChangeParameters),
  Proxy: objectOf(
    {
      name: aText,
      listen: aText,
      upstream: aText,
      enabled: aFlag,
      protocol: { type: 'string', enum: ['tcp', 'udp'] },
      authority: {
        type: 'string',
        description: 'the authority that clients must trust, in PEM, if the proxy made a certificate',
      },
      from: aText,
      to: aText,
      links: listOf(aText),
      liveConnections: aCount,
      identification: objectOf({ by: aText, known: aCount, unknown: aCount }),
      faults: listOf(aText),
    },
    ['authority'],
  ),
  Link: objectOf({
    link: aText,
    bytes: aCount,
    chunks: aCount,
    deliveredBytes: aCount,
    droppedBytes: aCount,
    connections: aCount,
    liveConnections: aCount,
    failedDials: aCount,
    failedAccepts: aCount,
    hits: aCount,
    faults: listOf(aText),
  }),
  Fault: objectOf(
    {
      name: aText,
      kind: { type: 'string', enum: trafficFaultKinds },
      links: listOf(aText),
      origin: { type: 'string', enum: ['api', 'toxic', 'partition', 'rules'] },
      hits: aCount,
      missed: aCount,
      missedBecause: aText,
      lease: aText,
      when: { type: 'object' },
      match: { type: 'object' },
    },
    ['missed', 'missedBecause', 'lease', 'when', 'match'],
  ),
  get FaultRequest(): Schema {
    return { oneOf: trafficFamilies.flatMap((family: FaultFamily) => faultSchemas(family)) }
  },
  PartitionRequest: schemaOfParameters(partitionParameters, {
    groups: {
      type: 'array',
      minItems: 2,
      items: listOf(aText),
      description: 'groups of ends; the links between groups are cut',
    },
  }),
  Partition: objectOf({ name: aText, mode: aText, links: listOf(aText), hits: aCount }),
  RuleSet: objectOf({ epoch: aCount, faults: listOf(reference('Fault')) }),
  RuleSetRequest: { ...objectOf({ faults: listOf(reference('FaultRequest')) }), additionalProperties: false },
  LeaseRequest: schemaOfParameters(leaseParameters),
  Recording: objectOf(
    {
      views: listOf(objectOf({ path: aText, writtenLines: aCount, behindBytes: aCount, lostLines: aCount })),
      operations: aCount,
      ok: aCount,
      fail: aCount,
      info: aCount,
      unmatched: aCount,
      touched: aCount,
      notUnderstood: aCount,
      unnamed: aCount,
      judged: objectOf({ level: aText, soFar: aText }),
    },
    ['judged'],
  ),
  Lease: objectOf({ id: aText, owner: aText, ttlMs: aCount, remainingMs: aCount, faults: listOf(aText) }),
}
