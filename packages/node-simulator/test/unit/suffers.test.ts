import { faultDefinitions, nemeses } from '@chaosproxy/faults'
import { serviceSuffers } from '@chaosproxy/node-simulator'
import { expect, test } from 'vitest'

test('serviceSuffers accepts a fault, or else names other faults that it accepts', () => {
  for (const { kind } of faultDefinitions) {
    const suffering = serviceSuffers(kind)
    if (suffering === true) continue
    const refused = suffering.instead.filter((name) => {
      const named = nemeses.find((each) => each.name === name) ?? faultDefinitions.find((each) => each.kind === name)
      return named === undefined || serviceSuffers(named.kind) !== true
    })
    expect([kind, suffering.elsewhere, refused]).toEqual([kind, 'processes', []])
  }
})
