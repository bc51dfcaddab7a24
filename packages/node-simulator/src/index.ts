export { awaitsOf, besidesOf, createServiceCluster, hasAssertions } from './cluster.ts'
export {
  type BesideDeclaration,
  declaredService,
  isServiceDeclaration,
  type ServiceDeclaration,
  USUAL_NODES,
} from './declaration.ts'
export { urlVariables } from './environment.ts'
export type { Probing, SharedState, Site } from './program/probes.ts'
export {
  distrustPackages,
  filesOfService,
  isFullService,
  isService,
  keepsSomePackages,
  loadService,
  parseServiceReference,
  programsOfService,
  SERVICE,
  type Service,
  type ServiceSpec,
  serviceName,
  serviceReference,
} from './service.ts'
export { requireSufferable, serviceSuffers, usualServiceFaults } from './suffers.ts'
export { type CodeStep, type CodeWatch, requestName } from './world/requests.ts'
export { requireQuiet } from './world/strays.ts'
export { outsidePromises } from './world/taken-globals.ts'
export type { TurnWatch } from './world/world.ts'
