/** Names that a node reads what others tell of their links: what went on which day, and what is left of a budget. */
export const LINK_WORD = 'link';
