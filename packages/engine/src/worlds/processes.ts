import type { Scenario } from '@chaosproxy/runner'
import { targetOf } from '@chaosproxy/targets'
import { isService, parseServiceReference } from '../references/services.ts'
import { asArrived } from './arrivals.ts'
import { playForReal } from './real-play.ts'
import { processesTarget } from './service-processes.ts'
import type { World } from './world.ts'

/** Processes on this machine. */
export const processes: World = {
  target: async (reference) =>
    isService(reference) ? processesTarget(parseServiceReference(reference)) : targetOf(reference),
  player(scene) {
    const { subject, scenario, simulated } = scene
    let forProcesses: Promise<Scenario> | undefined
    return async () => {
      forProcesses ??= isService(subject.target)
        ? simulated(true).then((played) => asArrived(scenario, played))
        : Promise.resolve(scenario)
      return playForReal(scene, await forProcesses)
    }
  },
}
