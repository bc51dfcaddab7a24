export { renderGalleryHtml } from '../html/gallery-page.ts'
export { exhibitLines } from './lines.ts'
export { galleryMarkdown } from './markdown.ts'
export { exhibitOutcome, gallerySummary, systemOf, type ToldExhibit, type ToldTrial } from './told-exhibit.ts'
