export {
  type BesideDeclaration,
  declaredService,
  isFullService,
  isService,
  isServiceDeclaration,
  onlyService,
  parseServiceReference,
  SERVICE,
  type ServiceDeclaration,
  type ServiceSpec,
  serviceReference,
  USUAL_NODES,
} from './services.ts'
