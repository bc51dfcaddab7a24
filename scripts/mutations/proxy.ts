import { inFileOf, type Mutation } from './mutation.ts'

/** Deliberate mistakes in faults on bytes, in held requests, and in the matching of faults. */
export const proxyMutations: readonly Mutation[] = [
  ...inFileOf(
    'proxy',
    'delivery/plan.ts',
    ['delivery', 'cuts'],
    [
      {
        name: 'proxy-cuts-hold-what-they-drop',
        before: "if (cut !== 'none') return cut === 'drop' ? LOSE : HOLD",
        after: "if (cut !== 'none') return cut === 'drop' ? HOLD : LOSE",
        breaks: 'a partition that loses bytes delivers them when it heals, and one that holds them loses them',
      },
      {
        name: 'proxy-holds-win-over-drops',
        before: "if (mode === 'drop') return 'drop'",
        after: "if (mode === 'drop' && cut === 'none') return 'drop'",
        breaks: 'bytes behind two cuts are delivered although one of them drops',
      },
      {
        name: 'proxy-late-faults-lengthen-portions',
        before: 'sizeBytes = Math.min(sizeBytes, placed.afterBytes - positionBytes)',
        after: 'sizeBytes = placed.afterBytes - positionBytes',
        breaks: 'more bytes go together than have arrived',
      },
      {
        name: 'proxy-late-faults-act-at-once',
        before:
          'const actsAt = ({ afterBytes }: Placed, positionBytes: number): boolean => positionBytes >= afterBytes',
        after:
          'const actsAt = ({ afterBytes }: Placed, positionBytes: number): boolean => positionBytes >= afterBytes || true',
        breaks: 'a fault after so many bytes acts on the first',
      },
      {
        name: 'proxy-takes-the-last-alarm',
        before:
          'if (alarm !== undefined && (first === undefined || alarm.atMs < first.atMs)) first = { ...alarm, by: placed }',
        after:
          'if (alarm !== undefined && (first === undefined || alarm.atMs > first.atMs)) first = { ...alarm, by: placed }',
        breaks: 'of two faults that end a connection the later one does',
      },
      {
        name: 'proxy-counts-hits-a-byte-early',
        before: 'return positionBytes + Math.max(0, sizeBytes - 1) >= afterBytes',
        after: 'return positionBytes + sizeBytes >= afterBytes',
        breaks: 'a fault counts a hit by bytes on which it does not act',
      },
      {
        name: 'proxy-queues-forget-delays',
        before: 'longestDelayMs += stage.longestDelayMs ?? 0',
        after: 'longestDelayMs += 0',
        breaks: 'a delayed flow is slower than its bandwidth',
      },
    ],
  ),
  ...inFileOf(
    'proxy',
    'http/gate.ts',
    ['http/stall', 'http/pipelining', 'http/bodies'],
    [
      {
        name: 'proxy-puts-requests-back-last',
        before: 'this.#waiting.unshift(Buffer.from(bytes))',
        after: 'this.#waiting.push(Buffer.from(bytes))',
        breaks: 'pipelined requests reach the server in another order',
      },
      {
        name: 'proxy-never-reads-again',
        before: "if (this.#waitingBytes <= MOST_WAITING_BYTES) this.setStopped('waiting', false)",
        after: "if (this.#waitingBytes < 0) this.setStopped('waiting', false)",
        breaks: 'a connection stands still once much has waited',
      },
    ],
  ),
  ...inFileOf(
    'proxy',
    'http/request-match.ts',
    ['http/faults', 'http/fault-triggers'],
    [
      {
        name: 'proxy-decides-exclusions-early',
        before: 'return excluded === true ? false : excluded === false ? met : undefined',
        after: 'return excluded === true ? false : met',
        breaks: 'a fault meets a request that its body excludes',
      },
      {
        name: 'proxy-decides-matches-early',
        before: 'if (met === undefined) verdict = undefined',
        after: 'if (met === undefined) verdict = true',
        breaks: 'a fault meets requests whose status it does not want',
      },
      {
        name: 'proxy-matches-any-client',
        before: 'if (isClient !== undefined) judges.push(({ client }) => isClient(client))',
        after: 'if (isClient !== undefined) judges.push(({ client }) => isClient(client) || true)',
        breaks: 'a fault for one client meets all',
      },
    ],
  ),
  ...inFileOf(
    'proxy',
    'messages/harms.ts',
    ['messages/faults'],
    [
      {
        name: 'proxy-passes-what-is-lost',
        before: "if (verdict === 'lose') return { ...fate, copies: [] }",
        after: "if (verdict === 'lose') return undefined",
        breaks: "a fault of a user's own loses no message",
      },
    ],
  ),
  ...inFileOf(
    'proxy',
    'delivery/schedules.ts',
    ['delivery'],
    [
      {
        name: 'proxy-slices-miss-sizes',
        before: 'return Math.max(1, averageBytes - variationBytes + random().integer(2 * variationBytes + 1))',
        after: 'return Math.max(1, averageBytes - variationBytes + random().integer(2 * variationBytes - 1))',
        breaks: 'a slicer never cuts the largest pieces that its variation allows',
      },
    ],
  ),
  ...inFileOf(
    'proxy',
    'udp/datagram-flow.ts',
    ['udp'],
    [
      {
        name: 'proxy-counts-datagrams-twice',
        before: 'const hitsBefore = datagrams.rules.reduce((sum, { standing }) => sum + standing.hits, 0)',
        after: 'const hitsBefore = datagrams.rules.reduce((sum, { standing }) => sum - standing.hits, 0)',
        breaks: 'a link of UDP says it was hit more often than its faults were',
      },
    ],
  ),
  ...inFileOf(
    'proxy',
    'http2/http2-recording.ts',
    ['http2/refused-by-server'],
    [
      {
        name: 'proxy-goaway-refuses-the-last',
        before:
          'if (stream.number > this.#lastServedStream && stream.answer === undefined) this.#refused(stream, GONE_AWAY)',
        after:
          'if (stream.number >= this.#lastServedStream && stream.answer === undefined) this.#refused(stream, GONE_AWAY)',
        breaks: 'a request that the server may have processed is recorded as failed',
      },
    ],
  ),
  ...inFileOf(
    'proxy',
    'http/request-side.ts',
    ['http/clients'],
    [
      {
        name: 'proxy-forgets-opaque-requests',
        before: 'if (this.#opaqueRequests === undefined) return',
        after: 'if (this.#opaqueRequests !== undefined) return',
        breaks: 'a write that the proxy could not read leaves no mark on its key',
      },
    ],
  ),
  ...inFileOf(
    'proxy',
    'messages/message-rule.ts',
    ['messages/faults', 'websocket'],
    [
      {
        name: 'proxy-misses-no-compressed-messages',
        before: "if (this.fault.kind === 'delay-message' && this.fault.match === undefined) return false",
        after: "if (this.fault.kind === 'delay-message' || this.fault.match === undefined) return false",
        breaks: 'a fault that cannot act on compressed messages does not say that it missed them',
      },
    ],
  ),
  ...inFileOf(
    'proxy',
    'link/link-state.ts',
    ['tcp/triggers'],
    [
      {
        name: 'proxy-hits-the-other-clients',
        before: 'if (affliction.isForClient?.(flow.client) === false) return',
        after: 'if (affliction.isForClient?.(flow.client) === true) return',
        breaks: 'a fault for one client hits all but that one',
      },
    ],
  ),
  ...inFileOf(
    'proxy',
    'control/v1/described-route.ts',
    ['control/openapi'],
    [
      {
        name: 'proxy-describes-no-defaults',
        before: '...(rest.default === undefined ? {} : { default: rest.default }),',
        after: '...(rest.default !== undefined ? {} : { default: rest.default }),',
        breaks: 'the OpenAPI description lacks the defaults of parameters',
      },
    ],
  ),
]
