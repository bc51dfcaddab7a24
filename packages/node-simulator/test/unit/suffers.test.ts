import { faultDefinitions, nemeses } from '@chaosproxy/faults'
import { serviceSuffers } from '@chaosproxy/node-simulator'
import { expect, test } from 'vitest'

test('each alternative that serviceSuffers names for an unsupported fault is a supported fault', () => {
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
