export { renderGalleryHtml } from '../html/gallery-page.ts'
export { type ExhibitResult, exhibitOutcome, gallerySummary, systemOf, type TrialResult } from './exhibit-result.ts'
export { exhibitLines } from './lines.ts'
export { galleryMarkdown } from './markdown.ts'
