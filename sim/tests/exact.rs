//! The exact values of `verify/exact` against published and tabulated digits.
