//! Record to figures to one self-contained HTML page.
