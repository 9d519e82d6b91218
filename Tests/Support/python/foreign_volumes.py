"""A volume driver of Cinder whose volumes cannot be attached by a store: of the kind iscsi, with no target behind them."""

from cinder.volume import driver


class ForeignDriver(driver.VolumeDriver):
    VERSION = '1'

    def check_for_setup_error(self):
        pass

    def _update_volume_stats(self):
        self._stats = {
            'volume_backend_name': 'foreign', 'vendor_name': 'tests', 'driver_version': self.VERSION,
            'storage_protocol': 'iSCSI', 'total_capacity_gb': 'infinite', 'free_capacity_gb': 'infinite',
            'multiattach': False,
        }

    def get_volume_stats(self, refresh=False):
        if refresh or not self._stats:
            self._update_volume_stats()
        return self._stats

    def create_volume(self, volume):
        pass

    def delete_volume(self, volume):
        pass

    def ensure_export(self, context, volume):
        pass

    def create_export(self, context, volume, connector):
        pass

    def remove_export(self, context, volume):
        pass

    def initialize_connection(self, volume, connector):
        return {
            'driver_volume_type': 'iscsi',
            'data': {
                'target_portal': '127.0.0.1:3260', 'target_iqn': f'iqn.2010-10.org.openstack:{volume.id}',
                'target_lun': 1, 'volume_id': volume.id,
            },
        }

    def terminate_connection(self, volume, connector, **kwargs):
        pass
