import type { Scenario } from '@chaosproxy/runner'
import { targetOf } from '@chaosproxy/targets/named'
import { isService, parseServiceReference } from '../references/services.ts'
import { databases } from './databases.ts'
import type { World } from './world.ts'

export const processes: World = {
  async target(reference) {
    if (!isService(reference)) return targetOf(reference, databases)
    const { processesTarget } = await import('./service-processes.ts')
    return processesTarget(parseServiceReference(reference))
  },
  player(scene) {
    const { subject, scenario, simulated } = scene
    let forProcesses: Promise<Scenario> | undefined
    return async () => {
      const [{ playForReal }, { asArrived }] = await Promise.all([import('./real-play.ts'), import('./arrivals.ts')])
      forProcesses ??= isService(subject.target)
        ? simulated(true).then((played) => asArrived(scenario, played))
        : Promise.resolve(scenario)
      return playForReal(scene, await forProcesses)
    }
  },
}
