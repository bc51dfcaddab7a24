import { usageError } from '@chaosproxy/history'
import { functionsOf, notPromisedUnder, type ProtocolDefinition, stickinessOf } from '@chaosproxy/protocols'
import type { Setting } from '@chaosproxy/workloads'
import type { Target } from './ports/target.ts'

export const protocolTarget = (
  protocol: ProtocolDefinition,
): Pick<
  Target,
  | 'summary'
  | 'defaultNodes'
  | 'settings'
  | 'bugs'
  | 'marks'
  | 'sticky'
  | 'functions'
  | 'objects'
  | 'promises'
  | 'weakness'
  | 'validate'
> => ({
  summary: protocol.summary,
  defaultNodes: protocol.defaultNodes,
  // The protocol itself validates numbers, so fractions are allowed here.
  settings: protocol.settings.map((setting): Setting => ({ ...setting, fraction: true })),
  bugs: protocol.bugs.map(({ name, summary, under }) =>
    under === undefined
      ? { name, summary }
      : { name, summary, under: { settings: under.settings, faults: under.faults, workload: under.workload } },
  ),
  marks: protocol.marks === true,
  sticky: (settings) => stickinessOf(protocol, settings),
  functions: (settings) => functionsOf(protocol, settings),
  objects: protocol.objects,
  promises({ object, settings, faults }) {
    // Anybody can send unsigned messages, so no promise holds against forged messages.
    if (faults.includes('forge-message')) return 'nothing'
    if (notPromisedUnder(protocol, settings).some((kind) => faults.some((fault) => fault === kind))) return 'nothing'
    const promised = protocol.promises(object, settings)
    return promised === 'none' ? 'nothing' : promised
  },
  weakness: ({ settings, nodes, object }) => protocol.weakness?.(settings, nodes, object),
  validate(settings, bug, nodes) {
    protocol.create({ bug, settings })
    const reason = protocol.impossible?.(settings, nodes)
    if (reason !== undefined) throw usageError(`${protocol.name}: ${reason}.`)
  },
})
