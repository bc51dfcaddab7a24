export { definitionIn, importUserFile, isTexts, isUserFile, offerApi, PACKAGE_NAME } from './import.ts'
export { vetFile } from './vet-file.ts'
export { vetOnThread } from './vet-on-thread.ts'
