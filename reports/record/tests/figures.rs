//! Figures read back as they were written.

use proptest::prelude::*;
use reports_record::Margin;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_figure_reads_back_to_the_last_bit(low in 1e-9..1e12, high in 1e-9..1e12) {
        let margin = Margin { low, high: Some(high) };
        let text = serde_json::to_string(&margin).unwrap();
        prop_assert_eq!(serde_json::from_str::<Margin>(&text).unwrap(), margin);
    }
}
