import { createElement } from 'react';

/** Makes an element; there is no JSX here, since Node.js runs this source as it is. */
export const h = createElement;
