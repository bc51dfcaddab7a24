import { describe, expect, test } from 'vitest'
import { recordedCarriage } from '../../src/record/carriage.ts'

describe('the protocol of recorded traffic', () => {
  test.each([
    [
      'redis',
      /^--as redis: there is no such file, and no protocol of this name\. Did you mean resp\? Give the file of/,
    ],
    [
      'postgres',
      /^--as postgres: there is no such file, and no protocol of this name\. Give the file of a route table, /,
    ],
  ])('the refusal of an unknown recorded protocol lists known protocols: %s', (as, message) => {
    expect(() => recordedCarriage('--as', as, {})).toThrow(message)
  })

  test.each(['"amqp"', '7'])('the value of --as is refused if its JSON names an unknown protocol: %s', (kind) => {
    expect(() => recordedCarriage('--as', `{"kind":${kind}}`, {})).toThrow(
      `--as {"kind":${kind}}: "kind" is ${kind}, which chaos does not record. Give the file of a route table, `,
    )
  })

  test('the value of --as is refused if it is a path to a missing file', () => {
    expect(() => recordedCarriage('--as', './no-routes.json', {})).toThrow(/no-routes\.json: there is no such file/)
  })
})
