import { parametersOf, parseLink, tcpFamily } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const links = ['clients>n1']
const refusal = (value: unknown): string => {
  try {
    tcpFamily.parse(value, 'faults.json')
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  return 'accepted'
}

describe('the parser of TCP faults', () => {
  test('the parser of TCP faults fills in the declared defaults', () => {
    expect(tcpFamily.parse({ kind: 'latency', latencyMs: 50, links }, 'x')).toEqual({
      kind: 'latency',
      latencyMs: 50,
      jitterMs: 0,
      distribution: 'uniform',
      links: [{ from: 'clients', to: 'n1' }],
    })
  })

  test.each(tcpFamily.kinds.map(({ kind, parameters }) => [kind, parametersOf(parameters)] as const))(
    'the parser of TCP faults requires each parameter of %s that has no default',
    (kind, parameters) => {
      const given: { [name: string]: unknown } = { kind, links }
      for (const { name, unit, values, ...parameter } of parameters) {
        if (parameter.optional === true) continue
        if (parameter.default === undefined) expect(refusal(given)).toContain(`needs "${name}"`)
        given[name] = values?.[0] ?? (unit === 'flag' ? true : 1)
      }
      expect(tcpFamily.parse(given, 'x')).toMatchObject({ ...given, links: [{ from: 'clients', to: 'n1' }] })
    },
  )

  test('the latency of a geography fault is half the round-trip time between its two places', () => {
    const there = { kind: 'latency', geography: 'california-netherlands', links }
    expect(tcpFamily.parse(there, 'x')).toEqual({
      kind: 'latency',
      latencyMs: 75,
      jitterMs: 0,
      distribution: 'uniform',
      links: [{ from: 'clients', to: 'n1' }],
    })
    expect(refusal({ ...there, latencyMs: 1 })).toContain('Give one of them')
    expect(refusal({ ...there, geography: 'atlantis' })).toContain('one of same-datacentre')
  })

  test.each([
    ['same-datacentre', 0.25],
    ['neighbouring-zones', 0.75],
    ['virginia-california', 31],
    ['virginia-ireland', 35],
    ['california-netherlands', 75],
    ['ireland-singapore', 87.5],
    ['virginia-sydney', 100],
  ])(
    'the parser of TCP faults turns the geography %s into a delay of %d ms in each direction',
    (geography, latencyMs) => {
      expect(tcpFamily.parse({ kind: 'latency', geography, links }, 'x')).toMatchObject({ latencyMs })
    },
  )

  test.each([NaN, -1, Infinity, '5', null, [], {}, true, 1e300])(
    'the parser of TCP faults refuses %s as latencyMs',
    (value) => {
      const accepted = value === null ? 'needs "latencyMs"' : '"latencyMs" is'
      expect(refusal({ kind: 'latency', latencyMs: value, links })).toContain(accepted)
    },
  )

  test('the parser of TCP faults refuses a fraction of a byte and a probability above 1', () => {
    expect(refusal({ kind: 'limit-bytes', bytes: 1.5, links })).toContain('a whole number of bytes, at least 0')
    expect(refusal({ kind: 'corrupt', probability: 7, links })).toContain('a probability from 0 to 1')
    expect(refusal({ kind: 'reset', links, when: { probability: -0.1 } })).toContain('a probability from 0 to 1')
    expect(refusal({ kind: 'slice', averageBytes: 0, links })).toContain('at least 1')
  })

  test('the parser of TCP faults refuses unknown kinds and unknown parameters', () => {
    expect(refusal({ kind: 'latency', latencyMs: 5, jiterMs: 2, links })).toContain(
      'no parameter "jiterMs". It has: latencyMs',
    )
    expect(refusal({ kind: 'latencey', links })).toContain('there is no fault "latencey". Known: partition')
    expect(refusal({ kind: 'reset', links, when: { frist: 1 } })).toContain('no parameter "frist"')
    expect(refusal({ kind: 'constructor', links })).toContain('there is no fault "constructor"')
  })

  test('the parser of TCP faults returns the trigger of a fault unchanged', () => {
    const when = { probability: 0.5, first: 3, client: '10.0.0.0/8' }
    expect(tcpFamily.parse({ kind: 'refuse', links, when }, 'x').when).toEqual(when)
    expect(Object.keys(tcpFamily.when)).toContain('untilMs')
  })

  test('the parser of TCP faults requires both ends of a link', () => {
    expect(parseLink({ from: 'n1', to: 'n2' }, 'x')).toEqual({ from: 'n1', to: 'n2' })
    for (const bad of [
      'n1',
      'n1>',
      '>n2',
      'a>b>c',
      5,
      null,
      {},
      { from: 'n1' },
      { from: 'n1', to: 7 },
      { from: 7, to: 'n1' },
    ])
      expect(() => parseLink(bad, 'x')).toThrow(UserError)
    expect(refusal({ kind: 'reset', links: [] })).toContain('must be a list of links')
  })

  test('the parser of TCP faults returns a fault, or throws an error of fewer than 500 characters', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...tcpFamily.kinds.map(({ kind }) => kind)),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (kind, rest) => {
          try {
            tcpFamily.parse({ ...rest, kind, links }, 'x')
          } catch (error) {
            expect(error).toBeInstanceOf(UserError)
            expect((error as Error).message.length).toBeLessThan(500)
          }
        },
      ),
    )
  })
})
