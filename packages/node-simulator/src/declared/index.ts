export {
  type BesideDeclaration,
  declaredService,
  isolationLevels,
  isServiceDeclaration,
  type PostgresDeclaration,
  pathFrom,
  type ServiceDeclaration,
  serviceMembers,
  serviceSchema,
  USUAL_NODES,
} from './declaration.ts'
export { urlVariables } from './hosts.ts'
export {
  filesOfService,
  isFullService,
  isolationOfService,
  isService,
  parseServiceReference,
  programsOfService,
  requestName,
  SERVICE,
  type ServiceSpec,
  serviceName,
  serviceReference,
} from './reference.ts'
