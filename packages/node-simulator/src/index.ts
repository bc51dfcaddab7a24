export { createServiceCluster } from './cluster.ts'
export {
  filesOfService,
  isService,
  loadService,
  parseServiceReference,
  type Service,
  type ServiceSpec,
  serviceReference,
} from './service.ts'
export { serviceSuffers, usualServiceFaults } from './suffers.ts'
export { outsidePromises } from './world/drain.ts'
export type { TurnWatch } from './world/world.ts'
