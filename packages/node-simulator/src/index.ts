export { besidesOf, createServiceCluster } from './cluster.ts'
export { declaredService, isServiceDeclaration, type ServiceDeclaration, USUAL_NODES } from './declaration.ts'
export {
  filesOfService,
  isService,
  loadService,
  parseServiceReference,
  type Service,
  type ServiceSpec,
  serviceReference,
} from './service.ts'
export { requireSufferable, usualServiceFaults } from './suffers.ts'
export { outsidePromises } from './world/drain.ts'
export type { TurnWatch } from './world/world.ts'
