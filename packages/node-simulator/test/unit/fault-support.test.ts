import { faultDefinitions, nemeses } from '@chaosproxy/faults'
import { serviceFaultSupport } from '@chaosproxy/node-simulator'
import { expect, test } from 'vitest'

test('each alternative that serviceFaultSupport names for an unsupported fault is a supported fault', () => {
  for (const { kind } of faultDefinitions) {
    const suffering = serviceFaultSupport(kind)
    if (suffering === true) continue
    const refused = suffering.instead.filter((name) => {
      const named = nemeses.find((each) => each.name === name) ?? faultDefinitions.find((each) => each.kind === name)
      return named === undefined || serviceFaultSupport(named.kind) !== true
    })
    expect([kind, suffering.elsewhere, refused]).toEqual([kind, 'processes', []])
  }
})
