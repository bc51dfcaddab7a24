export {
  type BesideDeclaration,
  declaredService,
  isServiceDeclaration,
  type PostgresDeclaration,
  type ServiceDeclaration,
  serviceMembers,
  serviceSchema,
  USUAL_NODES,
} from './declaration.ts'
export { urlVariables } from './hosts.ts'
export {
  filesOfService,
  isFullService,
  isService,
  parseServiceReference,
  programsOfService,
  requestName,
  SERVICE,
  type ServiceSpec,
  serviceName,
  serviceReference,
} from './reference.ts'
